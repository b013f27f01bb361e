// "Encoder" with TensorFlow.js, written by lfc.
//
// `tf` is the module @tensorflow/tfjs-core with a backend set, `weights` its tensors by path. `run` takes and gives
// tensors by name; the caller frees what it gets. bool is TensorFlow.js's bool.
//
// input  "x": f32[128, 32]
// input  "keep": bool[128]
// weight "e": f32[16, 128]
// weight "LinformerEncoder.0.norm1.gain": f32[32]
// weight "LinformerEncoder.0.norm1.bias": f32[32]
// weight "LinformerEncoder.0.attention.wq": f32[4, 32, 8]
// weight "LinformerEncoder.0.attention.wk": f32[4, 32, 8]
// weight "LinformerEncoder.0.attention.wv": f32[4, 32, 8]
// weight "LinformerEncoder.0.attention.wo": f32[4, 8, 32]
// weight "LinformerEncoder.0.norm2.gain": f32[32]
// weight "LinformerEncoder.0.norm2.bias": f32[32]
// weight "LinformerEncoder.0.ffn.inner.w": f32[128, 32]
// weight "LinformerEncoder.0.ffn.inner.b": f32[128]
// weight "LinformerEncoder.0.ffn.outer.w": f32[32, 128]
// weight "LinformerEncoder.0.ffn.outer.b": f32[32]
// weight "LinformerEncoder.1.norm1.gain": f32[32]
// weight "LinformerEncoder.1.norm1.bias": f32[32]
// weight "LinformerEncoder.1.attention.wq": f32[4, 32, 8]
// weight "LinformerEncoder.1.attention.wk": f32[4, 32, 8]
// weight "LinformerEncoder.1.attention.wv": f32[4, 32, 8]
// weight "LinformerEncoder.1.attention.wo": f32[4, 8, 32]
// weight "LinformerEncoder.1.norm2.gain": f32[32]
// weight "LinformerEncoder.1.norm2.bias": f32[32]
// weight "LinformerEncoder.1.ffn.inner.w": f32[128, 32]
// weight "LinformerEncoder.1.ffn.inner.b": f32[128]
// weight "LinformerEncoder.1.ffn.outer.w": f32[32, 128]
// weight "LinformerEncoder.1.ffn.outer.b": f32[32]
// output "output": f32[128, 32]
export function model(tf, weights) {
  const w_e = weights.e;
  const w_LinformerEncoder_0_norm1_gain = weights["LinformerEncoder.0.norm1.gain"];
  const w_LinformerEncoder_0_norm1_bias = weights["LinformerEncoder.0.norm1.bias"];
  const w_LinformerEncoder_0_attention_wq = weights["LinformerEncoder.0.attention.wq"];
  const w_LinformerEncoder_0_attention_wk = weights["LinformerEncoder.0.attention.wk"];
  const w_LinformerEncoder_0_attention_wv = weights["LinformerEncoder.0.attention.wv"];
  const w_LinformerEncoder_0_attention_wo = weights["LinformerEncoder.0.attention.wo"];
  const w_LinformerEncoder_0_norm2_gain = weights["LinformerEncoder.0.norm2.gain"];
  const w_LinformerEncoder_0_norm2_bias = weights["LinformerEncoder.0.norm2.bias"];
  const w_LinformerEncoder_0_ffn_inner_w = weights["LinformerEncoder.0.ffn.inner.w"];
  const w_LinformerEncoder_0_ffn_inner_b = weights["LinformerEncoder.0.ffn.inner.b"];
  const w_LinformerEncoder_0_ffn_outer_w = weights["LinformerEncoder.0.ffn.outer.w"];
  const w_LinformerEncoder_0_ffn_outer_b = weights["LinformerEncoder.0.ffn.outer.b"];
  const w_LinformerEncoder_1_norm1_gain = weights["LinformerEncoder.1.norm1.gain"];
  const w_LinformerEncoder_1_norm1_bias = weights["LinformerEncoder.1.norm1.bias"];
  const w_LinformerEncoder_1_attention_wq = weights["LinformerEncoder.1.attention.wq"];
  const w_LinformerEncoder_1_attention_wk = weights["LinformerEncoder.1.attention.wk"];
  const w_LinformerEncoder_1_attention_wv = weights["LinformerEncoder.1.attention.wv"];
  const w_LinformerEncoder_1_attention_wo = weights["LinformerEncoder.1.attention.wo"];
  const w_LinformerEncoder_1_norm2_gain = weights["LinformerEncoder.1.norm2.gain"];
  const w_LinformerEncoder_1_norm2_bias = weights["LinformerEncoder.1.norm2.bias"];
  const w_LinformerEncoder_1_ffn_inner_w = weights["LinformerEncoder.1.ffn.inner.w"];
  const w_LinformerEncoder_1_ffn_inner_b = weights["LinformerEncoder.1.ffn.inner.b"];
  const w_LinformerEncoder_1_ffn_outer_w = weights["LinformerEncoder.1.ffn.outer.w"];
  const w_LinformerEncoder_1_ffn_outer_b = weights["LinformerEncoder.1.ffn.outer.b"];
  // computed once, from weights and constants
  const [t17, t38] = tf.tidy(() => {
    const t16 = tf.reshape(w_LinformerEncoder_0_attention_wo, [32, 32]);
    const t17 = tf.slice(t16, 0);
    const t37 = tf.reshape(w_LinformerEncoder_1_attention_wo, [32, 32]);
    const t38 = tf.slice(t37, 0);
    return [t17, t38];
  });
  const run = (inputs) =>
    tf.tidy(() => {
      const in_x = inputs.x;
      const in_keep = inputs.keep;
      // norm.lf:6
      const v5 = tf.sum(in_x, [1]);
      const v_mu = tf.mul(v5, 0.03125);
      tf.dispose([v5]);
      // norm.lf:7
      const t1 = tf.reshape(v_mu, [128, 1]);
      const v7 = tf.square(tf.sub(in_x, t1));
      tf.dispose([v_mu]);
      const v8 = tf.sum(v7, [1]);
      tf.dispose([v7]);
      const v_var = tf.mul(v8, 0.03125);
      tf.dispose([v8]);
      // norm.lf:8
      const t2 = tf.reshape(v_var, [128, 1]);
      const v_y = tf.add(tf.mul(tf.mul(tf.sub(in_x, t1), tf.rsqrt(tf.add(t2, 0.00001))), w_LinformerEncoder_0_norm1_gain), w_LinformerEncoder_0_norm1_bias);
      tf.dispose([t1, v_var, t2]);
      // attention.lf:33
      const t3 = tf.reshape(v_y, [1, 128, 32]);
      const v_q = tf.matMul(t3, w_LinformerEncoder_0_attention_wq);
      tf.dispose([t3]);
      // attention.lf:36
      const t5 = tf.where(in_keep, w_e, 0);
      const t6 = tf.reshape(in_keep, [128, 1]);
      const t7 = tf.where(t6, v_y, 0);
      const v16 = tf.matMul(t5, t7);
      tf.dispose([v_y, t7]);
      // attention.lf:34
      const t9 = tf.reshape(v16, [1, 16, 32]);
      const v_keys = tf.matMul(t9, w_LinformerEncoder_0_attention_wk);
      tf.dispose([v16]);
      // attention.lf:36
      const v18 = tf.matMul(v_q, v_keys, false, true);
      tf.dispose([v_q, v_keys]);
      const v19 = tf.div(v18, 2.8284271247461903);
      tf.dispose([v18]);
      const v_p = tf.softmax(v19);
      tf.dispose([v19]);
      // attention.lf:35
      const v_vals = tf.matMul(t9, w_LinformerEncoder_0_attention_wv);
      tf.dispose([t9]);
      // attention.lf:37
      const v_o = tf.matMul(v_p, v_vals);
      tf.dispose([v_p, v_vals]);
      // attention.lf:87
      const t14 = tf.transpose(v_o, [1, 0, 2]);
      const t15 = tf.reshape(t14, [128, 32]);
      const v_y_2 = tf.matMul(t15, t17);
      tf.dispose([v_o, t14, t15]);
      // encoder.lf:16
      const v_a = tf.add(in_x, v_y_2);
      tf.dispose([v_y_2]);
      // norm.lf:6
      const v27 = tf.sum(v_a, [1]);
      const v_mu_2 = tf.mul(v27, 0.03125);
      tf.dispose([v27]);
      // norm.lf:7
      const t19 = tf.reshape(v_mu_2, [128, 1]);
      const v29 = tf.square(tf.sub(v_a, t19));
      tf.dispose([v_mu_2]);
      const v30 = tf.sum(v29, [1]);
      tf.dispose([v29]);
      const v_var_2 = tf.mul(v30, 0.03125);
      tf.dispose([v30]);
      // norm.lf:8
      const t20 = tf.reshape(v_var_2, [128, 1]);
      const v_y_3 = tf.add(tf.mul(tf.mul(tf.sub(v_a, t19), tf.rsqrt(tf.add(t20, 0.00001))), w_LinformerEncoder_0_norm2_gain), w_LinformerEncoder_0_norm2_bias);
      tf.dispose([t19, v_var_2, t20]);
      // linear.lf:6
      const v35 = tf.matMul(v_y_3, w_LinformerEncoder_0_ffn_inner_w, false, true);
      tf.dispose([v_y_3]);
      // linear.lf:26
      const t22 = tf.add(w_LinformerEncoder_0_ffn_inner_b, v35);
      const v36 = tf.mul(tf.mul(t22, 0.5), tf.add(tf.erf(tf.mul(t22, Math.SQRT1_2)), 1));
      tf.dispose([v35, t22]);
      // linear.lf:6
      const v39 = tf.matMul(v36, w_LinformerEncoder_0_ffn_outer_w, false, true);
      tf.dispose([v36]);
      // encoder.lf:17
      const v_y_4 = tf.add(v_a, tf.add(w_LinformerEncoder_0_ffn_outer_b, v39));
      tf.dispose([v_a, v39]);
      // norm.lf:6
      const v43 = tf.sum(v_y_4, [1]);
      const v_mu_3 = tf.mul(v43, 0.03125);
      tf.dispose([v43]);
      // norm.lf:7
      const t24 = tf.reshape(v_mu_3, [128, 1]);
      const v45 = tf.square(tf.sub(v_y_4, t24));
      tf.dispose([v_mu_3]);
      const v46 = tf.sum(v45, [1]);
      tf.dispose([v45]);
      const v_var_3 = tf.mul(v46, 0.03125);
      tf.dispose([v46]);
      // norm.lf:8
      const t25 = tf.reshape(v_var_3, [128, 1]);
      const v_y_5 = tf.add(tf.mul(tf.mul(tf.sub(v_y_4, t24), tf.rsqrt(tf.add(t25, 0.00001))), w_LinformerEncoder_1_norm1_gain), w_LinformerEncoder_1_norm1_bias);
      tf.dispose([t24, v_var_3, t25]);
      // attention.lf:33
      const t26 = tf.reshape(v_y_5, [1, 128, 32]);
      const v_q_2 = tf.matMul(t26, w_LinformerEncoder_1_attention_wq);
      tf.dispose([t26]);
      // attention.lf:36
      const t28 = tf.where(t6, v_y_5, 0);
      const v54 = tf.matMul(t5, t28);
      tf.dispose([t5, t6, v_y_5, t28]);
      // attention.lf:34
      const t30 = tf.reshape(v54, [1, 16, 32]);
      const v_keys_2 = tf.matMul(t30, w_LinformerEncoder_1_attention_wk);
      tf.dispose([v54]);
      // attention.lf:36
      const v56 = tf.matMul(v_q_2, v_keys_2, false, true);
      tf.dispose([v_q_2, v_keys_2]);
      const v57 = tf.div(v56, 2.8284271247461903);
      tf.dispose([v56]);
      const v_p_2 = tf.softmax(v57);
      tf.dispose([v57]);
      // attention.lf:35
      const v_vals_2 = tf.matMul(t30, w_LinformerEncoder_1_attention_wv);
      tf.dispose([t30]);
      // attention.lf:37
      const v_o_2 = tf.matMul(v_p_2, v_vals_2);
      tf.dispose([v_p_2, v_vals_2]);
      // attention.lf:87
      const t35 = tf.transpose(v_o_2, [1, 0, 2]);
      const t36 = tf.reshape(t35, [128, 32]);
      const v_y_6 = tf.matMul(t36, t38);
      tf.dispose([v_o_2, t35, t36]);
      // encoder.lf:16
      const v_a_2 = tf.add(v_y_4, v_y_6);
      tf.dispose([v_y_4, v_y_6]);
      // norm.lf:6
      const v65 = tf.sum(v_a_2, [1]);
      const v_mu_4 = tf.mul(v65, 0.03125);
      tf.dispose([v65]);
      // norm.lf:7
      const t40 = tf.reshape(v_mu_4, [128, 1]);
      const v67 = tf.square(tf.sub(v_a_2, t40));
      tf.dispose([v_mu_4]);
      const v68 = tf.sum(v67, [1]);
      tf.dispose([v67]);
      const v_var_4 = tf.mul(v68, 0.03125);
      tf.dispose([v68]);
      // norm.lf:8
      const t41 = tf.reshape(v_var_4, [128, 1]);
      const v_y_7 = tf.add(tf.mul(tf.mul(tf.sub(v_a_2, t40), tf.rsqrt(tf.add(t41, 0.00001))), w_LinformerEncoder_1_norm2_gain), w_LinformerEncoder_1_norm2_bias);
      tf.dispose([t40, v_var_4, t41]);
      // linear.lf:6
      const v73 = tf.matMul(v_y_7, w_LinformerEncoder_1_ffn_inner_w, false, true);
      tf.dispose([v_y_7]);
      // linear.lf:26
      const t43 = tf.add(w_LinformerEncoder_1_ffn_inner_b, v73);
      const v74 = tf.mul(tf.mul(t43, 0.5), tf.add(tf.erf(tf.mul(t43, Math.SQRT1_2)), 1));
      tf.dispose([v73, t43]);
      // linear.lf:6
      const v77 = tf.matMul(v74, w_LinformerEncoder_1_ffn_outer_w, false, true);
      tf.dispose([v74]);
      // encoder.lf:17
      const v_y_8 = tf.add(v_a_2, tf.add(w_LinformerEncoder_1_ffn_outer_b, v77));
      return { output: v_y_8 };
    });
  const dispose = () => tf.dispose([t17, t38]);
  return { run, dispose };
}
